/** As tightly as gzip can. */
export function gzip(raw: Uint8Array): Promise<Uint8Array>;
