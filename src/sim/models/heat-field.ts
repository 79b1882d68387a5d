// Temperature of a plate: the two-dimensional heat equation with loss to ambient, cells of 1 mm, edges insulated.
//   ∂T/∂t = α ∇²T − (T − ambient) / τ + heat source

/** Thermal diffusivity in mm²/s: that of loose metal powder on a plate, not of solid metal. */
const diffusivity = 2
/** Longest stable step of the explicit scheme is 1 / (4 α) = 0.125 s. */
export const heatStepSecondsMax = 0.1

export class HeatField {
  readonly size: number
  readonly ambient: number
  /** °C, row-major; valid until the next `step`. */
  cells: Float32Array<ArrayBuffer>
  #next: Float32Array<ArrayBuffer>

  constructor(size: number, ambient: number) {
    this.size = size
    this.ambient = ambient
    this.cells = new Float32Array(size * size).fill(ambient)
    this.#next = new Float32Array(size * size)
  }

  /** Diffuses and cools for `dt` ≤ `heatStepSecondsMax`; `tau` is the time constant of the loss in seconds. */
  step(dt: number, tau: number): void {
    const { size, cells, ambient } = this
    const next = this.#next
    const spread = diffusivity * dt
    const loss = dt / tau
    for (let row = 0; row < size; row++) {
      const start = row * size
      const above = row > 0 ? -size : 0
      const below = row < size - 1 ? size : 0
      for (let column = 0; column < size; column++) {
        const i = start + column
        const here = cells[i] as number
        const left = cells[column > 0 ? i - 1 : i] as number
        const right = cells[column < size - 1 ? i + 1 : i] as number
        const around = left + right + (cells[i + above] as number) + (cells[i + below] as number)
        next[i] = here + spread * (around - 4 * here) - loss * (here - ambient)
      }
    }
    this.#next = cells
    this.cells = next
  }

  /** Adds a Gaussian spot of `sigma` mm around (x, y); its sum over all cells is `amount` °C·mm² while it lies inside the plate. */
  heat(x: number, y: number, sigma: number, amount: number): void {
    const reach = Math.ceil(3 * sigma)
    const peak = amount / (2 * Math.PI * sigma * sigma)
    const rowEnd = Math.min(this.size - 1, Math.round(y) + reach)
    const columnEnd = Math.min(this.size - 1, Math.round(x) + reach)
    for (let row = Math.max(0, Math.round(y) - reach); row <= rowEnd; row++) {
      const rowPart = peak * Math.exp(-((row - y) ** 2) / (2 * sigma * sigma))
      for (let column = Math.max(0, Math.round(x) - reach); column <= columnEnd; column++) {
        const i = row * this.size + column
        this.cells[i] = (this.cells[i] as number) + rowPart * Math.exp(-((column - x) ** 2) / (2 * sigma * sigma))
      }
    }
  }
}
