// `--nats URL`, for every command that meets the processes on other machines.
import { Option } from 'commander'

export const natsOption = (): Option =>
  new Option('--nats <url>', 'NATS servers, separated by commas, where the roles run apart').env('NATS_URL')
