// The few MQTT 3.1.1 packets that a publisher with QoS 1 sends (OASIS MQTT 3.1.1, sections 3.1 and 3.3), made beforehand so that the client costs
// nothing while it sends.

const connectType = 0x10
const publishQos1 = 0x32
const packetIdentifiers = 0xffff

export const connackBytes = 4
export const pubackBytes = 4

/** A clean session without keep-alive. */
export function connectPacket(clientId: string): Uint8Array {
  const [level, cleanSession, keepAlive] = [4, 0x02, [0, 0]]
  return packet(connectType, Buffer.concat([field('MQTT'), Buffer.from([level, cleanSession, ...keepAlive]), field(clientId)]))
}

/** The `index`-th message of a connection, counted from 0. */
export function publishPacket(topic: string, payload: string, index: number): Uint8Array {
  const identifier = Buffer.alloc(2)
  identifier.writeUInt16BE((index % packetIdentifiers) + 1)
  return packet(publishQos1, Buffer.concat([field(topic), identifier, Buffer.from(payload)]))
}

function packet(type: number, content: Uint8Array): Uint8Array {
  const length: number[] = []
  let rest = content.length
  do {
    length.push((rest % 128) | (rest >= 128 ? 0x80 : 0))
    rest = Math.floor(rest / 128)
  } while (rest > 0)
  return Buffer.concat([Buffer.from([type, ...length]), content])
}

function field(text: string): Uint8Array {
  const bytes = Buffer.from(text)
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes])
}
