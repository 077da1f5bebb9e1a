/** Which square of a picture is kept: its middle, as parts of the picture's size, and how far it is enlarged. */
export interface Crop {
  readonly x: number
  readonly y: number
  readonly zoom: number
}

/** The square in the picture's own pixels, always within it. */
export function cropped({ x, y, zoom }: Crop, width: number, height: number) {
  const edge = Math.min(width, height) / zoom
  return {
    edge,
    left: clamped(x * width - edge / 2, width - edge),
    top: clamped(y * height - edge / 2, height - edge),
  }
}

/** After the picture was dragged, by parts of the square. */
export function moved(crop: Crop, dx: number, dy: number, width: number, height: number): Crop {
  const { left, top, edge } = cropped(crop, width, height)
  const after = { left: clamped(left - dx * edge, width - edge), top: clamped(top - dy * edge, height - edge) }
  return { ...crop, x: (after.left + edge / 2) / width, y: (after.top + edge / 2) / height }
}

export function zoomed(crop: Crop, zoom: number): Crop {
  return { ...crop, zoom: Math.max(1, zoom) }
}

function clamped(value: number, most: number): number {
  return Math.min(Math.max(0, value), Math.max(0, most))
}
