// The program's log: lines for people on a terminal, JSON lines elsewhere.
import pino, { type Logger } from 'pino'
import pretty from 'pino-pretty'

export function createLog(): Logger {
  const level = process.env['MILLWRIGHT_LOG'] ?? 'info'
  if (!process.stdout.isTTY) return pino({ level, base: null })
  return pino({ level, base: null }, pretty({ sync: true, translateTime: 'SYS:HH:MM:ss', ignore: 'pid,hostname' }))
}
