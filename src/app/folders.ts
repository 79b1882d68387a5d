// Where things lie in the data folder.
import { join } from 'node:path'

export const databaseFile = (folder: string) => join(folder, 'millwright.db')
