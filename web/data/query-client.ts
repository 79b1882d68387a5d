// One cache of answers for the app.
import { QueryCache, QueryClient } from '@tanstack/react-query'
import { RequestFailed } from './fetch.ts'
import { live } from './live-socket.ts'

const retriesMax = 2

export const queryClient = new QueryClient({
  queryCache: new QueryCache({
    onError: (error) => {
      if (error instanceof RequestFailed && error.status === 0) live.suspect()
    },
  }),
  defaultOptions: {
    queries: {
      // An answer in the 400s stays the same however often one asks.
      retry: (failures, error) => failures < retriesMax && !(error instanceof RequestFailed && error.status >= 400 && error.status < 500),
      retryDelay: (attempt) => Math.min(1000 * 2 ** attempt, 8000),
      staleTime: 2000,
      networkMode: 'always',
    },
  },
})
