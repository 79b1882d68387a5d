// A vitest reporter whose last line, after everything else, is `N passed, N failed`: for machines that judge a run.
import type { Reporter, SerializedError, TestModule } from 'vitest/node'

export default class CountsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const passed = tests.filter((test) => test.result().state === 'passed').length
    const failed = tests.filter((test) => test.result().state === 'failed').length
    // A file that cannot be loaded and an error outside any test are failures too, though no test of theirs is counted.
    const broken = modules.filter((module) => module.state() === 'failed' && module.errors().length > 0).length + errors.length
    process.once('exit', () => process.stdout.write(`${passed} passed, ${failed + broken} failed\n`))
  }
}
