// The bytes that mean something in line protocol.

export const tab = 0x09
export const newline = 0x0a
export const carriage = 0x0d
export const space = 0x20
export const quote = 0x22
export const sharp = 0x23
export const plus = 0x2b
export const comma = 0x2c
export const minus = 0x2d
export const point = 0x2e
export const zero = 0x30
export const equals = 0x3d
export const backslash = 0x5c
export const letterE = 0x65
export const letterI = 0x69
export const letterU = 0x75

export const isDigit = (byte: number): boolean => byte >= zero && byte <= zero + 9

/** What ends a value. */
export const isDelimiter = (byte: number): boolean => byte === comma || byte === space || byte === newline || byte === carriage
