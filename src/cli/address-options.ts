// Where a process answers over HTTP, for commands that run one for a network.
import { Option, type Command } from 'commander'
import type { Address } from '#app/listen.ts'

export interface AddressOptions {
  host: string
  hostNames?: string[]
}

const loopback = /^(127\.|localhost$|::1$)/

export const addAddressOptions = (command: Command): Command =>
  command
    .addOption(new Option('--host <address>', 'address to answer at; 0.0.0.0 for all').env('MILLWRIGHT_HOST').default('127.0.0.1'))
    .addOption(
      new Option('--host-names <names>', 'names by which others ask, separated by commas; addresses need none')
        .env('MILLWRIGHT_HOST_NAMES')
        .argParser((text) => text.split(',').flatMap((name) => name.trim().toLowerCase() || [])),
    )

/** On a loopback address nobody else may ask, unless there are names: those of a proxy on this machine. */
export const addressOf = ({ host, hostNames }: AddressOptions, port: number): Address => ({
  host,
  port,
  hostNames: hostNames ?? (loopback.test(host) ? undefined : []),
})
