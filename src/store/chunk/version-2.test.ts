import { expect, test } from 'vitest'
import { decodeSummaries } from '#store/rollup/summaries-codec.ts'
import { decodeArraySync } from './array-codec.ts'
import { decodeChunk } from './chunk-codec.ts'
import type { Rows } from './rows.ts'

/** What version 2 wrote. */
const written = {
  chunk:
    '2ueHkwIArAIRBwEABQAWACnaaKONNtpoo40AOeeccw4AgAEAAQABAFVVAQKoj4LiiNKjBugHAAAAAABAj0ACmgG4AUGo6wsBAQADAAoBMzExMTUxOTE1AAA1AQAJQwQA+CBbaa4agi76gvbTiS8xS6YBHvmqQJRod8/OjQDOYlC5IxDPoa71X+xyVmwEiFU9ukX+kN7yi6J59VLoMjBQb5/fd7bJEObBbpk3gqXpYeO83Hq833rWNRr6UFCoxysrsGSKiOXE1p8jbEbNuzETldLkbphlk8+RBrBS57dXAAkUBwEARgAYAAxgIADAAAMMMMAAgwhMzMwsAAEAAQAIAAEBgRYQEBAQEBCcdQCIPOQ3fj0BACcAIgEDAgICAwICAAECAAACAgMDAwkFAwoPChEHGhsdGzw4Hx83MQ5BAIE4aACCTTPrSYZbmi2uaRD7NRRrEZnZu638dqEeIPCyDO3vT4+C2VI/Gn32O6esV2k9tMYoHPU1nvAA8MhEEQvM+8Kpuojylre7mbywk40TKaH1BKqKcHRuh5rz/j66OGe42YY0POJVfPZb3IztOb07gczrwBi23QQEYQ/lU6tmPo/sHk6G4c/Zt61zSxmXuEW8/Vn0vBtKyMuHpYexDB8ycM1tLPM8NQCxQCR3EQZjI5acp8dw82BZr8MYGWMC3SvSbhkD6y70QMIDMvlrwwB8CIX3agw0C1bq6LSweGCJnNe0nXKo+L4aQWGBCORWp4WYiIvu69kRPCzEQw1jxAcSKV+xGysuB/RYWHiwQrw+zMmFUPRBza5ksFIX6lhImMBRumYOb1TE89QYgLCglaYy7Yl1XHKA3o7gsEJ86GOM7EAor2IPAA==',
  array: 'UbpN8AIBCAhIkR8BAAEAAQABAAEAAQAAABQAwEHnoIM0JBBAQJMYAEIIM4AAAGE0gJBAQBMEYkBANIEAADDUgABCMoDBGA==',
  summaries:
    'kQOgbQICCgCAu7AhgI7OHAEBAABq9sHhEwEB3KMPAFwAAOq1yMVqAYAnX2856QQ8NmWvGMeJqkrmrwABAAAAAFVVVVUcx3Gcx3EcR47jOM7HcRwHx3EcB3Icx7Ecx3FcOY7jWAC5CwQBDwAcAIADwAEHgANzzglotrajgwgBALe2nQIAXABYK5SbdUIBSCdtW5dtYyUp///k/58rSVKSwiTpSBIB27Zt2wAAAABJkiRJt23btrdt27ZJkiRJSZIkSbdt27YAAAAAJUmSJGqKyb4CAQDNjN0BAFwAVmq0qrVqswAuGkZ325y23UkSBAACqwp3nkzneZUkfgElSZIk0PM8z6uqqqpiGIZh9DzP857neZ63bdu2t23btvQ8z/OrqqqqAp0BAQB/ACEAG5dplAaEXwiukrLqZQAGgAsBAPsJAC0AKNuiLAaAaQn2+H6hsqpmCAlq9raDAgEApKSLAQBdAFRorqsNAny0IkfS2rafqjxPj5LUAQBh+DDDcAElSZIkAAAAAGIYhmH0PM/zSZIkSbdt27a3bdu29DzP86uqqqowDMMwawMFRAMAAUGX8N2cEAEBtO5ZAFgAAICyOoxin9gnuqS/+sS4z+487RwBEhwBm78NAY0uuqAnm2yeVKDWPRao9QHfzpCPHcdxt0KtX6hR61ctj+M4VexXiv0C2+ANAQCJiwkARADE4A74AuxyPB6RxbsViGf438a/K0zStwMGgAwBAgAALQCABnLbGIpkCz4CbYT3lBVq2YeuEwEAiMcsAFkATSh0WgVYpdEsjyN5ENJHtFKAAPnpRGQ+2QwSaRcWAcY0GWC/5VvqVVVVFfQt3xgm7ntYGqRBRuzETqz6Z0z5Ju57CHTaQGc=',
}
const bytes = (name: keyof typeof written) => Buffer.from(written[name], 'base64')
const column = (at: (index: number) => number) => Float64Array.from({ length: 300 }, (_, index) => at(index))
const noise = (index: number) => Math.imul(index + 1, 0x9e3779b1) >>> 0

/** Every 40th row has no value; one is beyond the scale, one is -0; a gap of seven seconds. */
const rows: Rows = {
  count: 300,
  time: column((index) => 1_767_225_600_000_000 + (index < 90 ? index : index + 7) * 1_000_000 + (noise(index) % 10) * 1000),
  value: column((index) => (index === 50 ? 1e300 : index === 51 ? -0 : index % 40 === 7 ? Number.NaN : (noise(index) % 300) / 100)),
  quality: Uint8Array.from(column((index) => (index % 40 === 7 ? 0x80 : 0))),
  texts: [],
}
const field = {
  shape: [8, 8],
  data: Float32Array.from({ length: 64 }, (_, index) => (2000 + (index >> 3) * 20 + (index & 7) * 7 + (noise(index) % 5)) / 100),
}
/** Ten rows of twelve numbers, decimals and others, times and a NaN. */
const table = Float64Array.from({ length: 120 }, (_, index) =>
  index === 70 ? Number.NaN : index % 12 === 7 ? index * 5_000_000 : (noise(index) % 1000) / (1 + (index % 12)),
)

test('a chunk that version 2 wrote is read exactly', () => {
  expect(decodeChunk(bytes('chunk'))).toEqual(rows)
})

test('an array that version 2 wrote is read exactly', () => {
  expect(decodeArraySync(bytes('array'))).toEqual(field)
})

test('summaries that version 2 wrote are read exactly', () => {
  expect(decodeSummaries(bytes('summaries'))).toEqual(table)
})
