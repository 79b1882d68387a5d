// Enough of Prometheus' HTTP API that Grafana's Prometheus data source draws our tags. Every number or boolean tag is a series.
import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import type { z } from 'zod'
import type { TagSeries } from '#promql/catalog.ts'
import { metricName } from '#promql/labels.ts'
import { createQueries, type Answer, type QueryOptions } from '#promql/queries.ts'
import type { ApiContext, ApiScope } from '#api/context.ts'
import { answerText } from './answer.ts'
import { usePrometheusForm } from './form.ts'
import * as schema from './schema.ts'

/** The version whose API this is; clients ask for it to know what they may send. */
const prometheusVersion = '2.42.0'

/** Asks by GET, or by POST with a form, and answers with what `act` gives. */
type Ask = <Query extends z.ZodType>(
  url: string,
  summary: string,
  schemas: { query: Query; answer: z.ZodType },
  act: (query: z.output<Query>, reply: FastifyReply) => Promise<object>,
) => void

export async function prometheusRoutes(api: ApiScope, { version, clock, store, directory }: ApiContext): Promise<void> {
  const queries = createQueries({ store, directory, clock })
  usePrometheusForm(api)

  const ask: Ask = (url, summary, { query, answer }, act) => {
    const response = { 200: answer, 400: schema.errorSchema, 422: schema.errorSchema, 503: schema.errorSchema }
    const send = async (given: unknown, reply: FastifyReply) =>
      reply.type('application/json').send(await act(given as z.output<typeof query>, reply))
    api.get(url, { schema: { summary, querystring: query, response } }, (request, reply) => send(request.query, reply as FastifyReply))
    api.post(url, { schema: { hide: true, body: query } }, (request, reply) => send(request.body, reply as FastifyReply))
  }

  ask(
    '/query',
    'PromQL at one time, as Prometheus answers it',
    { query: schema.instantQuerySchema, answer: schema.queryAnswerSchema },
    async ({ query, time, timeout }, reply) => streamed(await queries.instant(query, time ?? thisMillisecond(), optionsOf(timeout, reply))),
  )
  ask(
    '/query_range',
    'PromQL over a range of time, as Prometheus answers it',
    { query: schema.rangeQuerySchema, answer: schema.queryAnswerSchema },
    async ({ query, start, end, step, timeout }, reply) =>
      streamed(await queries.range(query, { start, end, stepUs: step }, optionsOf(timeout, reply))),
  )
  ask(
    '/series',
    'Label sets of the series that selectors find',
    { query: schema.seriesQuerySchema, answer: schema.seriesAnswerSchema },
    async ({ 'match[]': selectors, start, limit }) => {
      const found = await queries.series(selectors, start)
      return success(cut(found, limit).map(({ labels }) => Object.fromEntries(labels)))
    },
  )
  ask(
    '/labels',
    'Names of labels',
    { query: schema.labelsQuerySchema, answer: schema.namesAnswerSchema },
    async ({ 'match[]': selectors = [], start, limit }) => {
      const found = await queries.series(selectors, start, Infinity)
      return success(cut(distinct(found.flatMap(({ labels }) => [...labels.keys()])), limit))
    },
  )
  ask(
    '/metadata',
    'Unit and description of metrics',
    { query: schema.metadataQuerySchema, answer: schema.metadataAnswerSchema },
    async ({ metric, limit }) => {
      const found = await queries.series(metric === undefined ? [] : [`{__name__=${JSON.stringify(metric)}}`], 0, Infinity)
      return success(Object.fromEntries(cut([...metadataOf(found)], limit)))
    },
  )
  api.get(
    '/label/:name/values',
    {
      schema: {
        summary: 'Values of a label',
        params: schema.labelParametersSchema,
        querystring: schema.labelsQuerySchema,
        response: { 200: schema.namesAnswerSchema, 400: schema.errorSchema },
      },
    },
    async ({ params: { name }, query: { 'match[]': selectors = [], start, limit } }) => {
      const found = await queries.series(selectors, start, Infinity)
      return success(cut(distinct(found.flatMap(({ labels }) => labels.get(name) ?? [])), limit))
    },
  )
  api.get(
    '/status/buildinfo',
    { schema: { summary: 'The version of Prometheus whose API this is', response: { 200: schema.buildInfoAnswerSchema } } },
    async () =>
      success({ version: prometheusVersion, revision: `millwright-${version}`, branch: '', buildUser: '', buildDate: '', goVersion: '' }),
  )

  const thisMillisecond = () => Math.floor(clock.now() / 1000) * 1000
}

const success = <Data>(data: Data) => ({ status: 'success' as const, data })

const streamed = (answer: Answer) => Readable.from(answerText(answer))

/** A query ends when nobody waits for its answer any more. */
function optionsOf(timeoutUs: number | undefined, reply: FastifyReply): QueryOptions {
  const withdrawn = new AbortController()
  reply.raw.once('close', () => withdrawn.abort())
  return { timeoutMs: timeoutUs === undefined ? undefined : timeoutUs / 1000, signal: withdrawn.signal }
}

const distinct = (texts: readonly string[]) => [...new Set(texts)].toSorted()

/** As in Prometheus a limit of 0 is none. */
const cut = <Item>(items: Item[], limit = 0) => (limit === 0 ? items : items.slice(0, limit))

/** Per metric each different pair of unit and description; a tag that no profile describes has neither. */
function metadataOf(found: readonly TagSeries[]) {
  const entries = found.map(({ labels, definition }) => {
    const { unit = '', description = '' } = definition ?? {}
    return { name: labels.get(metricName) as string, entry: { type: 'gauge' as const, help: description, unit } }
  })
  const byName = Map.groupBy(entries, ({ name }) => name)
  return byName.entries().map(([name, of]) => {
    const different = new Map(of.map(({ entry }) => [`${entry.unit}\n${entry.help}`, entry]))
    return [name, [...different.values()]] as const
  })
}
