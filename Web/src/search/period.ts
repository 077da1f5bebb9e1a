export type Period = "ever" | "week" | "month" | "year"

export const periods: readonly Period[] = ["ever", "week", "month", "year"]

const days: Record<Exclude<Period, "ever">, number> = { week: 7, month: 31, year: 366 }

/** Since when, as the services take it. */
export function since(period: Period, now: Date): string | undefined {
  return period === "ever" ? undefined : new Date(now.getTime() - days[period] * 86_400_000).toISOString()
}
