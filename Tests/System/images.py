"""Pictures to send, made here so that none is committed."""

import io
import struct
import zlib

from PIL import ExifTags, Image
from PIL.PngImagePlugin import PngInfo


def png(width: int, height: int, red: int = 47, green: int = 125, blue: int = 91) -> bytes:
    """A picture with a slope from the given colour to white, so that one sees that it is whole."""
    rows = bytearray()
    for y in range(height):
        rows.append(0)
        for x in range(width):
            share = (x + y) / (width + height)
            rows += bytes(int(part + (255 - part) * share) for part in (red, green, blue))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def photograph(kind: str, place: str, orientation: int = 1) -> bytes:
    """A picture as a camera's software writes it: with Exif, where it was taken, a comment and XMP."""
    picture = Image.effect_noise((64, 48), 40).convert("RGB")
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.Make] = place
    exif.get_ifd(ExifTags.IFD.GPSInfo).update(
        {
            ExifTags.GPS.GPSLatitudeRef: "N",
            ExifTags.GPS.GPSLatitude: (52.0, 31.0, 12.0),
            ExifTags.GPS.GPSAreaInformation: place.encode(),
        }
    )
    xmp = f"<x:xmpmeta xmlns:x='adobe:ns:meta/'>{place}</x:xmpmeta>".encode()
    options: dict[str, object] = {}
    if kind == "JPEG":
        options = {"comment": place.encode(), "xmp": xmp, "progressive": True}
    elif kind == "PNG":
        text = PngInfo()
        text.add_text("Comment", place)
        text.add_itxt("XML:com.adobe.xmp", xmp.decode())
        options = {"pnginfo": text}
    elif kind == "WEBP":
        options = {"xmp": xmp, "lossless": True}
    elif kind == "GIF":
        options = {"comment": place.encode()}
    file = io.BytesIO()
    picture.save(file, kind, exif=exif, **options)
    return file.getvalue()
