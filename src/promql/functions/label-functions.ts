// label_replace and label_join: labels made of other labels.
import type { Evaluation } from '#promql/evaluation.ts'
import { NotEvaluated } from '#promql/failure.ts'
import { labelNamePattern, labelsOf } from '#promql/labels.ts'
import { createPattern } from '#promql/pattern.ts'
import { joined, type Series } from '#promql/values.ts'

/** Where the source label matches the regular expression, the target becomes the replacement, in which $1 and ${name} stand for groups. */
export async function labelReplace(
  { budget }: Evaluation,
  series: readonly Series[],
  [target = '', replacement = '', source = '', regex = '']: readonly string[],
): Promise<Series[]> {
  checkTarget(target)
  const pattern = createPattern(regex)
  const results: Series[] = []
  for (const one of series) {
    const groups = pattern.groups(one.labels.get(source) ?? '')
    results.push(groups ? relabelled(one, target, expand(replacement, groups)) : one)
    const pause = budget.spend(pattern.weight)
    if (pause) await pause
  }
  return joined(results)
}

export function labelJoin(series: readonly Series[], [target = '', separator = '', ...sources]: readonly string[]): Series[] {
  checkTarget(target)
  return joined(series.map((one) => relabelled(one, target, sources.map((source) => one.labels.get(source) ?? '').join(separator))))
}

const relabelled = (series: Series, target: string, value: string): Series => ({
  ...series,
  labels: labelsOf([...series.labels, [target, value]]),
})

function checkTarget(target: string): void {
  if (!labelNamePattern.test(target)) throw new NotEvaluated(`"${target}" cannot name a label; write letters, digits and _`)
}

/** As in Go: $name takes as many letters, digits and _ as there are, $$ is a dollar, an unknown group is empty. */
function expand(replacement: string, groups: ReadonlyMap<string, string>): string {
  return replacement.replaceAll(/\$(?:\$|(\w+)|\{(\w+)\})/g, (whole, plain?: string, braced?: string) =>
    whole === '$$' ? '$' : (groups.get(plain ?? braced ?? '') ?? ''),
  )
}
