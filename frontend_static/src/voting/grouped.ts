/** The seal code as people compare it: four groups of four. */
export const grouped = (code: string): string => (code.match(/.{1,4}/g) ?? []).join(" ");
