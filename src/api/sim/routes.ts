import { faultListSchema, faultRequestSchema, faultSchema, simulatedMachineListSchema } from '#core/fault.ts'
import type { ApiContext, ApiScope } from '#api/context.ts'
import { errorSchema } from '#api/schema.ts'

/** Faults in simulated machines; these routes exist only with the demo. */
export function simRoutes(api: ApiScope, { simulation }: ApiContext): void {
  if (!simulation) return
  api.get(
    '/sim/faults',
    { schema: { summary: 'Ground truth: injected faults with start and end', response: { 200: faultListSchema } } },
    () => simulation.faults(),
  )
  api.get(
    '/sim/machines',
    { schema: { summary: 'The simulated machines with the faults they can have', response: { 200: simulatedMachineListSchema } } },
    () => simulation.machines(),
  )
  api.post(
    '/sim/faults',
    {
      schema: {
        summary: 'Injects a fault into a simulated machine',
        body: faultRequestSchema,
        response: { 200: faultSchema, 400: errorSchema },
      },
    },
    ({ body }) => simulation.inject(body),
  )
}
