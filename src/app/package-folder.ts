// Where this program's own files are: profiles, examples, the dashboard's sources.
import { join } from 'node:path'

export const packageFolder = join(import.meta.dirname, '..', '..')

export const demoPlantFile = join(packageFolder, 'examples', 'demo-plant.yaml')
export const profilesFolderDefault = join(packageFolder, 'profiles')
