/**
 * Fills a template of a name in: `ir-quarantine-{vpc}`. What stands in braces and is not among the parts stays as it is, so
 * that people see it.
 */
export const named = (template: string, parts: Readonly<Record<string, string>>): string =>
  template.replaceAll(/\{([a-z]+)\}/g, (whole, part: string) =>
    Object.hasOwn(parts, part) ? (parts[part] ?? "") : whole,
  );
