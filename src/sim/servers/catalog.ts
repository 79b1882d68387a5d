// The protocol servers by the key under `serve:` in a plant file.
import { coapServer } from './coap.ts'
import { httpPushServer } from './http-push.ts'
import { modbusServer } from './modbus.ts'
import { mqttServer } from './mqtt.ts'
import { opcuaServer } from './opcua.ts'
import type { ProtocolModule } from './protocol-server.ts'

export const protocols: ReadonlyMap<string, ProtocolModule> = new Map(
  [opcuaServer, mqttServer, httpPushServer, coapServer, modbusServer].map((protocol) => [protocol.name, protocol]),
)
