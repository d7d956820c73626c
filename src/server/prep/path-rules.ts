/**
 * The rules for strings that name a znode, as PathUtils.validatePath. A path that is only looked up is not held to
 * them: a malformed path simply names no node.
 */
const SLASH = 0x2f;
const DOT = 0x2e;

/** Counts in UTF-16 units: anything outside the BMP is two units of the refused surrogate range. */
export function isValidPath(path: string): boolean {
  const length = path.length;
  if (length === 0 || path.charCodeAt(0) !== SLASH) return false;
  if (length === 1) return true;
  if (path.charCodeAt(length - 1) === SLASH) return false;
  let segmentStart = 1;
  for (let i = 1; i < length; i++) {
    const unit = path.charCodeAt(i);
    if (unit === SLASH) {
      if (!isValidSegment(path, segmentStart, i)) return false;
      segmentStart = i + 1;
    } else if (isRefusedUnit(unit)) {
      return false;
    }
  }
  return isValidSegment(path, segmentStart, length);
}

function isValidSegment(path: string, start: number, end: number): boolean {
  const length = end - start;
  if (length === 0) return false;
  if (length > 2 || path.charCodeAt(start) !== DOT) return true;
  return length === 2 && path.charCodeAt(start + 1) !== DOT;
}

function isRefusedUnit(unit: number): boolean {
  if (unit < 0x7f) return unit <= 0x1f;
  return unit <= 0x9f || (unit >= 0xd800 && unit <= 0xf8ff) || unit >= 0xfff0;
}

/**
 * The parent as create and delete understand it before the path is validated; "" is the root. undefined when there
 * is no slash or a NUL.
 */
export function looseParentOf(path: string): string | undefined {
  const slash = path.lastIndexOf('/');
  if (slash === -1 || path.includes('\u0000')) return undefined;
  return path.slice(0, slash);
}
