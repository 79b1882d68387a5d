// Every screen and its address; each screen is its own chunk, loaded when first visited.
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router'
import { readTrendSearch } from '#web/data/time-range.ts'
import { BrokenScreen, NoSuchScreen } from '#web/parts/notice.tsx'
import { LoadingScreen } from '#web/parts/loading.tsx'
import { Shell } from '#web/screens/shell.tsx'

const rootRoute = createRootRoute({ component: Shell })

const overviewRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/',
  component: lazyRouteComponent(() => import('#web/screens/overview.tsx'), 'Overview'),
})

const machineRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/machines/$',
  validateSearch: readTrendSearch,
  component: lazyRouteComponent(() => import('#web/screens/machine.tsx'), 'MachineScreen'),
})

const devicesRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/devices',
  component: lazyRouteComponent(() => import('#web/screens/devices.tsx'), 'Devices'),
})

const connectionsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/connections',
  component: lazyRouteComponent(() => import('#web/screens/connections.tsx'), 'Connections'),
})

export const router = createRouter({
  routeTree: rootRoute.addChildren([overviewRoute, machineRoute, devicesRoute, connectionsRoute]),
  defaultPreload: 'intent',
  defaultPendingComponent: LoadingScreen,
  defaultErrorComponent: BrokenScreen,
  defaultNotFoundComponent: NoSuchScreen,
  scrollRestoration: true,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
