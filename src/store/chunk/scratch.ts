// Memory that is used again and again, because new memory for each chunk costs more than coding it. Nothing may await between taking and using it.

/** Gives an array of at least `length` elements; what it gave before is the same memory or forgotten. */
export function scratch<T extends { readonly length: number }>(make: (length: number) => T): (length: number) => T {
  let memory = make(0)
  return (length) => {
    if (memory.length < length) memory = make(length)
    return memory
  }
}
