// Entry of the command line. Every command has a file of its own that registers it here; the heavy ones import the app when they run.
import { Command } from 'commander'
import { version } from '#app/version.ts'
import { registerBackup } from './backup.ts'
import { registerCheck } from './check.ts'
import { registerDelete } from './delete.ts'
import { registerDoctor } from './doctor.ts'
import { registerExport } from './export.ts'
import { reportFailure } from './failure.ts'
import { registerGateway } from './gateway.ts'
import { registerImport } from './import.ts'
import { endQuietlyOnClosedPipe } from './output.ts'
import { registerQuery } from './query.ts'
import { registerRestore } from './restore.ts'
import { readSecretFiles } from './secret-files.ts'
import { registerSim } from './sim.ts'
import { registerStart } from './start.ts'
import { registerTags } from './tags.ts'
import { registerToken } from './token.ts'

const program = new Command('millwright')
  .description('Industrial monitoring: reads machines, keeps every value, shows a plant live and back in time')
  .version(version)
  .showHelpAfterError('"millwright --help" lists the commands, "millwright <command> --help" what one takes.')

// One line per command, in the order in which the help lists them.
registerStart(program)
registerGateway(program)
registerToken(program)
registerSim(program)
registerImport(program)
registerTags(program)
registerQuery(program)
registerExport(program)
registerDelete(program)
registerBackup(program)
registerRestore(program)
registerCheck(program)
registerDoctor(program)

endQuietlyOnClosedPipe()
try {
  readSecretFiles(process.env)
  await program.parseAsync()
} catch (error) {
  reportFailure(error)
}
