// The file and tables of the embedded store. Blob columns keep what SQLite numbers cannot: NaN and -0.

import { join } from 'node:path'

export const databaseFile = (folder: string) => join(folder, 'chunks.db')

/** Version 1 had no blocks, no retention, and statistics in place of summaries. */
export const schemaVersion = 2

// 64 KiB pages hold ten chunks with little waste.
export const schema = `
  create table meta(name text primary key, value integer not null) without rowid;
  create table tag(id integer primary key, path text not null unique, kind text not null,
    latest_time integer, latest_value blob, latest_quality integer, latest_text text, kept_from integer, rolled_until integer);
  create table origin(source text primary key, sequence integer not null) without rowid;
  create table chunk(tag integer, start integer, end integer not null, count integer not null, summaries blob,
    data integer not null, primary key(tag, start)) without rowid;
  create index chunk_end on chunk(end);
  create table chunk_data(id integer primary key, bytes blob not null);
  create table damaged_chunk(tag integer, start integer, end integer, count integer, bytes blob);
  create table minute_block(id integer primary key, bytes blob not null);
  create table hour_block(id integer primary key, bytes blob not null);
  create table array_sample(id integer primary key, tag integer not null, time integer not null, quality integer not null,
    statistics blob, bytes blob);
  create unique index array_sample_time on array_sample(tag, time);
  pragma user_version = ${schemaVersion};`

/** Days that a block's key has room for, before and after 1970. */
const daysMax = 1 << 20

/** The key of a tag's block of a day, days before 1970 too; days beyond all time stand for the first and the last. */
export const blockId = (tag: number, day: number): number => tag * 2 * daysMax + Math.min(Math.max(day + daysMax, 0), 2 * daysMax - 1)
export const dayOfBlock = (id: number): number => (id % (2 * daysMax)) - daysMax
/** A block's tag, in SQL. */
export const tagOfBlock = `id / ${2 * daysMax}`
