// The drivers of this program: one line each.
import type { DriverModule } from '#core/driver.ts'
import { coapDriver } from '#drivers/coap/driver.ts'
import { httpDriver } from '#drivers/http/driver.ts'
import { modbusDriver } from '#drivers/modbus/driver.ts'
import { mqttDriver } from '#drivers/mqtt/driver.ts'
import { opcuaDriver } from '#drivers/opcua/driver.ts'

export const drivers: ReadonlyMap<string, DriverModule> = new Map(
  [opcuaDriver, modbusDriver, mqttDriver, coapDriver, httpDriver].map((module) => [module.name, module]),
)
