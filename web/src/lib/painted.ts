let next: Promise<void> | null = null

/** Resolves once the frame that is being made is painted, for all who ask before that at the same moment. */
export function painted(): Promise<void> {
  next ??= new Promise((resolve) => {
    requestAnimationFrame(() =>
      setTimeout(() => {
        next = null
        resolve()
      }),
    )
  })
  return next
}
