// Minimum, mean, maximum and number of samples of every numeric tag over the range of the trend.
import { useQuery } from '@tanstack/react-query'
import type { MachineTag } from '#api/machines/schema.ts'
import { useStableList } from '#web/data/stable-list.ts'
import { statisticsQuery } from '#web/data/statistics.ts'
import type { TimeRange } from '#web/data/time-range.ts'
import { formatCount, formatNumber } from '#web/data/value-format.ts'
import { Skeletons } from './loading.tsx'
import { Empty, Failed } from './notice.tsx'

export function StatisticsTable({ tags, range }: { tags: readonly MachineTag[]; range: TimeRange }) {
  const numeric = tags.filter(({ kind }) => kind === 'number' || kind === 'boolean')
  const paths = useStableList(numeric.map(({ path }) => path))
  const { data, error, refetch } = useQuery(statisticsQuery(paths, range))
  return (
    <section className="panel" aria-label="Statistics">
      <div className="panel-head">
        <h2>Statistics of the shown range</h2>
      </div>
      {numeric.length === 0 ? (
        <Empty title="No numeric tags" />
      ) : error && !data ? (
        <Failed what="The statistics" error={error} retry={() => void refetch()} />
      ) : !data ? (
        <Skeletons count={4} height={26} label="Loading the statistics" />
      ) : (
        <div className="scroll-x">
          <table className="table">
            <thead>
              <tr>
                <th>Tag</th>
                <th className="number">Min</th>
                <th className="number">Mean</th>
                <th className="number">Max</th>
                <th className="number">Samples</th>
              </tr>
            </thead>
            <tbody className="reading">
              {data.map(({ tag: path, count, ...values }) => {
                const tag = numeric.find((tag) => tag.path === path)
                return (
                  <tr key={path}>
                    <td>
                      {tag?.name} <span className="muted">{tag?.unit}</span>
                    </td>
                    {(['min', 'mean', 'max'] as const).map((each) => (
                      <td key={each} className="number">
                        {values[each] === undefined ? '—' : formatNumber(values[each], tag?.decimals ?? null)}
                      </td>
                    ))}
                    <td className="number muted">{formatCount(count)}</td>
                  </tr>
                )
              })}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}
