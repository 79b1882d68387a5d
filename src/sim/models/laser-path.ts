// Where the laser of a powder-bed printer is: hatch lines over a round part, turned by 67° from layer to layer, a recoating pause after each.

export type LaserPhase = 'scanning' | 'recoating' | 'idle'

export interface LaserPathOptions {
  /** Side of the plate in mm; the part stands in its middle. */
  readonly size: number
  readonly layers: number
  readonly speedMmPerSecond: number
  readonly recoatSeconds: number
  /** Pause between two jobs. */
  readonly idleSeconds: number
}

/** The usual rotation between layers: it repeats only after 360 layers. */
const hatchTurn = (67 * Math.PI) / 180
const hatchSpacingMm = 3

export class LaserPath {
  phase: LaserPhase = 'scanning'
  layer = 1
  #options: LaserPathOptions
  #line = 0
  /** How far along the line in mm. */
  #along = 0
  /** What is left of a pause in seconds. */
  #pause = 0

  constructor(options: LaserPathOptions) {
    this.#options = options
  }

  /** A new job from the first layer. */
  restart(): void {
    this.phase = 'scanning'
    this.layer = 1
    this.#line = 0
    this.#along = 0
  }

  /** Lets time pass; `exposed` gets each straight piece that the laser travels while it is on. */
  advance(seconds: number, exposed: (x0: number, y0: number, x1: number, y1: number, seconds: number) => void): void {
    const { size, speedMmPerSecond } = this.#options
    let left = seconds
    while (left > 1e-9) {
      if (this.phase !== 'scanning') {
        const taken = Math.min(left, this.#pause)
        this.#pause -= taken
        left -= taken
        if (this.#pause <= 1e-9) this.#endPause()
        continue
      }
      const radius = this.#radius()
      const offset = -radius + (this.#line + 0.5) * hatchSpacingMm
      if (offset >= radius) {
        this.#endLayer()
        continue
      }
      const half = Math.sqrt(radius * radius - offset * offset)
      const taken = Math.min(left, (2 * half - this.#along) / speedMmPerSecond)
      const from = this.#along - half
      const to = from + taken * speedMmPerSecond
      const direction = this.#line % 2 === 0 ? 1 : -1
      const cos = Math.cos(this.layer * hatchTurn)
      const sin = Math.sin(this.layer * hatchTurn)
      const x = (along: number) => size / 2 + direction * along * cos - offset * sin
      const y = (along: number) => size / 2 + direction * along * sin + offset * cos
      exposed(x(from), y(from), x(to), y(to), taken)
      this.#along += taken * speedMmPerSecond
      left -= taken
      if (this.#along >= 2 * half - 1e-9) {
        this.#line++
        this.#along = 0
      }
    }
  }

  /** The part narrows and widens with height, like a vase. */
  #radius(): number {
    return this.#options.size * (0.3 + 0.06 * Math.sin(this.layer / 9))
  }

  #endLayer(): void {
    this.#line = 0
    this.#along = 0
    this.phase = this.layer < this.#options.layers ? 'recoating' : 'idle'
    this.#pause = this.phase === 'recoating' ? this.#options.recoatSeconds : this.#options.idleSeconds
  }

  #endPause(): void {
    this.layer = this.phase === 'recoating' ? this.layer + 1 : 1
    this.phase = 'scanning'
  }
}
