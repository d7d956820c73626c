import { GrowingBuffer } from './growing-buffer.ts';
import type { Zxid } from './zxid.ts';

/** Writes jute's binary archive into a growing buffer. */
export class Writer extends GrowingBuffer {
  writeByte(value: number): void {
    this.reserve(1);
    this.buffer[this.offset++] = value;
  }

  writeBool(value: boolean): void {
    this.writeByte(value ? 1 : 0);
  }

  writeInt(value: number): void {
    this.reserve(4);
    this.view.setInt32(this.offset, value);
    this.offset += 4;
  }

  writeLong(value: bigint): void {
    this.reserve(8);
    this.view.setBigInt64(this.offset, value);
    this.offset += 8;
  }

  /** A long held in a double: a time, a size, a counter. Exact for every safe integer and for -(2^63). */
  writeSafeLong(value: number): void {
    this.reserve(8);
    const high = Math.floor(value / 0x100000000);
    this.view.setInt32(this.offset, high);
    this.view.setUint32(this.offset + 4, value - high * 0x100000000);
    this.offset += 8;
  }

  writeZxid(value: Zxid): void {
    this.writeSafeLong(value);
  }

  writeBuffer(value: Buffer | undefined): void {
    if (value === undefined) {
      this.writeInt(-1);
      return;
    }
    this.writeInt(value.length);
    this.writeRaw(value);
  }

  /**
   * UTF-8 of each UTF-16 unit by itself, so that a character beyond the BMP becomes two surrogates of three
   * bytes each. Apache's server writes the same, and counts its digests and lengths over it. `start`: only the part
   * from there on is written, without cutting it out first.
   */
  writeString(value: string | undefined, start = 0): void {
    if (value === undefined) {
      this.writeInt(-1);
      return;
    }
    this.reserve(4 + (value.length - start) * 3);
    const buffer = this.buffer;
    const lengthAt = this.offset;
    let at = lengthAt + 4;
    for (let i = start; i < value.length; i++) {
      const unit = value.charCodeAt(i);
      if (unit < 0x80) {
        buffer[at++] = unit;
      } else if (unit < 0x800) {
        buffer[at++] = 0xc0 | (unit >> 6);
        buffer[at++] = 0x80 | (unit & 0x3f);
      } else {
        buffer[at++] = 0xe0 | (unit >> 12);
        buffer[at++] = 0x80 | ((unit >> 6) & 0x3f);
        buffer[at++] = 0x80 | (unit & 0x3f);
      }
    }
    this.view.setInt32(lengthAt, at - lengthAt - 4);
    this.offset = at;
  }

  writeStrings(values: readonly string[] | undefined): void {
    if (values === undefined) {
      this.writeInt(-1);
      return;
    }
    this.writeInt(values.length);
    for (const value of values) this.writeString(value);
  }

  /** Leaves four bytes for a frame length and returns where they are, for `endFrame`. */
  beginFrame(): number {
    const at = this.length;
    this.writeInt(0);
    return at;
  }

  endFrame(at: number): void {
    this.patchInt(at, this.length - at - 4);
  }
}
