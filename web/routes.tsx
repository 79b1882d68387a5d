// Every screen and its address; each screen is its own chunk, loaded when first visited.
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router'
import { readOverviewSearch } from '#web/data/machine-order.ts'
import { readTrendSearch } from '#web/data/time-range.ts'
import { BrokenScreen, NoSuchScreen } from '#web/parts/notice.tsx'
import { LoadingScreen } from '#web/parts/loading.tsx'
import { Shell } from '#web/screens/shell.tsx'

const screens = {
  overview: () => import('#web/screens/overview.tsx'),
  machine: () => import('#web/screens/machine.tsx'),
  devices: () => import('#web/screens/devices.tsx'),
  connections: () => import('#web/screens/connections.tsx'),
}

/** Fetches the code of all screens once the first one is up, so that they open at once, also while the server is away. */
export function fetchScreens(): void {
  setTimeout(() => {
    for (const load of Object.values(screens)) load().catch(() => {}) // It is fetched again when it is needed.
  }, fetchScreensAfterMs)
}
const fetchScreensAfterMs = 3000

const rootRoute = createRootRoute({ component: Shell })

const overviewRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/',
  validateSearch: readOverviewSearch,
  component: lazyRouteComponent(screens.overview, 'Overview'),
})

const machineRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/machines/$',
  validateSearch: readTrendSearch,
  component: lazyRouteComponent(screens.machine, 'MachineScreen'),
})

const devicesRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/devices',
  component: lazyRouteComponent(screens.devices, 'Devices'),
})

const connectionsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/connections',
  component: lazyRouteComponent(screens.connections, 'Connections'),
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
