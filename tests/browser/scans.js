// The files that the tests give to the page: what people have, and what people have by mistake.
import { deflateSync } from "node:zlib";

/** A file as Playwright's file chooser takes it. */
export function file(name, bytes, mimeType = "application/octet-stream") {
  return { name, mimeType, buffer: Buffer.from(bytes) };
}

/** A PNG of a bright ellipse on black, 8 bits grey. */
export function pngFile(name, side = 64) {
  return file(name, greyPng(side, side, ellipse(side, 200).flat()), "image/png");
}

/** A PNG of these grey values, 8 bits each, row by row. */
export function greyPng(width, height, values) {
  const rows = Array.from({ length: height }, (_, row) => [0, ...values.slice(row * width, (row + 1) * width)]);
  const data = deflateSync(Buffer.from(rows.flat()));
  return pngOf(width, height, [chunk("IDAT", data), chunk("IEND", Buffer.alloc(0))]);
}

/** A PNG of a few bytes that declares so many pixels. */
export function declaredPng(name, width, height) {
  return file(name, pngOf(width, height, [chunk("IDAT", deflateSync(Buffer.alloc(16)))]), "image/png");
}

/** A text under a picture's name. */
export function textAsPng(name) {
  return file(name, "The scan was sent by post.", "image/png");
}

/** The first bytes of a file: a download that broke off. */
export function brokenOff(name, bytes, length) {
  return file(name, bytes.subarray(0, length), "image/jpeg");
}

/** A file of no bytes. */
export function emptyFile(name) {
  return file(name, "");
}

/** What the DICOM of `dicomFile` says of the patient. */
export const PATIENT = "Lovelace^Ada";

/** A slice of 64 x 64 as scanners write them: explicit VR little endian, MONOCHROME2, 12 of 16 bits, an ellipse. */
export function dicomFile(name) {
  const side = 64;
  const syntax = "1.2.840.10008.1.2.1";
  const mrImage = "1.2.840.10008.5.1.4.1.1.4";
  const meta = Buffer.concat([
    element(0x0002, 0x0001, "OB", Buffer.from([0, 1])),
    element(0x0002, 0x0002, "UI", mrImage),
    element(0x0002, 0x0003, "UI", "1.2.3.4.5"),
    element(0x0002, 0x0010, "UI", syntax),
    element(0x0002, 0x0012, "UI", "1.2.3.4"),
  ]);
  const dataset = [
    element(0x0008, 0x0016, "UI", mrImage),
    element(0x0008, 0x0018, "UI", "1.2.3.4.5"),
    element(0x0008, 0x0060, "CS", "MR"),
    element(0x0010, 0x0010, "PN", PATIENT),
    element(0x0028, 0x0002, "US", short(1)),
    element(0x0028, 0x0004, "CS", "MONOCHROME2"),
    element(0x0028, 0x0010, "US", short(side)),
    element(0x0028, 0x0011, "US", short(side)),
    element(0x0028, 0x0100, "US", short(16)),
    element(0x0028, 0x0101, "US", short(12)),
    element(0x0028, 0x0102, "US", short(11)),
    element(0x0028, 0x0103, "US", short(0)),
    element(0x7fe0, 0x0010, "OW", Buffer.concat(ellipse(side, 3000).flat().map(short))),
  ];
  const length = Buffer.alloc(4);
  length.writeUInt32LE(meta.length);
  const head = [Buffer.alloc(128), Buffer.from("DICM"), element(0x0002, 0x0000, "UL", length), meta];
  return file(name, Buffer.concat([...head, ...dataset]), "application/dicom");
}

/** Rows of a head-like ellipse of one value on 0. */
function ellipse(side, value) {
  const within = (x, y) => ((x - side / 2) / (0.35 * side)) ** 2 + ((y - side / 2) / (0.44 * side)) ** 2 <= 1;
  return Array.from({ length: side }, (_, y) => Array.from({ length: side }, (_, x) => (within(x, y) ? value : 0)));
}

/** One DICOM data element in explicit VR little endian; texts are padded to an even length. */
function element(group, number, vr, value) {
  const pad = (text) => Buffer.from(text.length % 2 ? text + (vr === "UI" ? "\0" : " ") : text);
  const bytes = typeof value === "string" ? pad(value) : value;
  const long = vr === "OB" || vr === "OW";
  const head = Buffer.alloc(long ? 12 : 8);
  head.writeUInt16LE(group, 0);
  head.writeUInt16LE(number, 2);
  head.write(vr, 4, "latin1");
  if (long) head.writeUInt32LE(bytes.length, 8);
  else head.writeUInt16LE(bytes.length, 6);
  return Buffer.concat([head, bytes]);
}

function short(value) {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

/** A PNG's signature and header (8 bits grey), followed by these chunks. */
function pngOf(width, height, chunks) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8;
  return Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), chunk("IHDR", header), ...chunks]);
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type), data]);
  const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
}

/** The checksum of PNG (ISO 3309); Node's own is younger than the Node this suite asks for. */
function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
