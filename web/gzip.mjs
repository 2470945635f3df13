import { gzipAsync } from "@gfx/zopfli";

const THOROUGH = 1 << 16; // bytes: what is small is packed as long as it gets smaller

/** As tightly as gzip can. */
export const gzip = (raw) => gzipAsync(raw, raw.length < THOROUGH ? { numiterations: 500 } : {});
