/** A table as CSV: cells with commas, quotes or line breaks are quoted. */

const quoted = (value) => (/[",\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value));

/** @param {(string|number)[][]} rows the first one names the columns @returns {string} */
export const tableCsv = (rows) => `${rows.map((row) => row.map(quoted).join(",")).join("\n")}\n`;
