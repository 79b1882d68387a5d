// Starts the dashboard: theme, query cache, routes.
import './theme/mantine.ts'
import './theme/base.css'
import { MantineProvider } from '@mantine/core'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { lazy, StrictMode, Suspense } from 'react'
import { createRoot } from 'react-dom/client'
import { queryClient } from '#web/data/query-client.ts'
import { fetchScreens, router } from '#web/routes.tsx'
import { cssVariables, theme } from '#web/theme/theme.ts'

/** Needed only once something has been done, so the first picture does not wait for it. */
const Notifications = lazy(async () => ({ default: (await import('@mantine/notifications')).Notifications }))

createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} forceColorScheme="dark">
      <Suspense>
        <Notifications position="bottom-right" limit={4} />
      </Suspense>
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
)

fetchScreens()
