"""Pictures of people: what is taken, what is left of it, and who sees it."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import pytest
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from accounts.avatars import MAX_BYTES, SIDE, squared
from accounts.choices import Role
from audit.models import AuditEvent
from tests.factories.accounts import join

URL = "/accounts/profile/picture/"


def picture(kind: str, size=(640, 480), **options) -> BytesIO:
    file = BytesIO()
    Image.new("RGB", size, (200, 30, 60)).save(file, kind, **options)
    file.seek(0)
    return file


def png(size=(640, 480)) -> BytesIO:
    return picture("PNG", size)


def opened(content: bytes) -> Image.Image:
    return Image.open(BytesIO(content))


def upload(client, content: bytes, name="me.png"):
    return client.post(URL, {"file": SimpleUploadedFile(name, content)})


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_each_kind_becomes_a_small_square(kind):
    found = opened(squared(picture(kind), 1000))
    assert (found.format, found.size) == ("WEBP", (SIDE, SIDE))


def test_where_it_was_taken_is_dropped():
    exif = Image.Exif()
    exif[0x010E] = "my secret garden"
    exif.get_ifd(0x8825)[1] = "N"
    comment = "another secret"
    made = squared(picture("JPEG", exif=exif, comment=comment), 1000)
    assert b"secret" not in made
    assert not opened(made).getexif()


def test_picture_is_turned_as_the_camera_was_held():
    exif = Image.Exif()
    exif[0x0112] = 6
    file = BytesIO()
    image = Image.new("RGB", (200, 100), "red")
    image.paste("blue", (0, 0, 100, 100))
    image.save(file, "JPEG", exif=exif, quality=95)
    file.seek(0)
    made = opened(squared(file, 1000)).convert("RGB")
    assert made.getpixel((128, 20))[2] > 200
    assert made.getpixel((128, 236))[0] > 200


def test_transparent_picture_stays_transparent():
    file = BytesIO()
    Image.new("RGBA", (300, 300), (0, 0, 0, 0)).save(file, "PNG")
    file.seek(0)
    assert opened(squared(file, 1000)).convert("RGBA").getpixel((5, 5))[3] == 0


def png_bomb(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + crc

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * 1_000_000, 9)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("size", [(100_000, 100_000), (20_000, 20_000), (8_000, 8_000)])
def test_decompression_bomb_is_refused_before_it_is_decoded(size):
    with pytest.raises(ValidationError, match="megapixels"):
        squared(BytesIO(png_bomb(*size)), 2000)


def garbage() -> list[bytes]:
    whole = png().getvalue()
    gif = BytesIO()
    Image.new("RGB", (10, 10)).save(gif, "GIF")
    return [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"GIF89a",
        gif.getvalue(),
        whole[:60],
        whole[: len(whole) // 2],
        b"\x89PNG\r\n\x1a\n" + b"\xff" * 200,
        b"RIFF\xff\xff\xff\xffWEBPVP8 " + b"\0" * 100,
        b"\xff\xd8\xff\xe0" + b"\0" * 500,
    ]


@pytest.mark.parametrize("content", garbage())
def test_what_is_no_picture_is_refused(content):
    with pytest.raises(ValidationError):
        squared(BytesIO(content), len(content))


def test_script_behind_the_pixels_is_gone():
    polyglot = png().getvalue() + b"<script>alert(1)</script>"
    assert b"script" not in squared(BytesIO(polyglot), 1000)


def test_person_sets_replaces_and_removes_a_picture(
    signed_in, olga, django_capture_on_commit_callbacks
):
    client = signed_in(olga)
    with django_capture_on_commit_callbacks(execute=True):
        assert upload(client, png().getvalue())["Location"] == "/accounts/profile/"
    olga.refresh_from_db()
    first = olga.avatar
    page = client.get("/accounts/profile/").text
    address = f"/accounts/pictures/{olga.uid}/?v={olga.avatar_version}"
    assert page.count(f'src="{address}"') == 2
    answer = client.get(address)
    assert answer["Content-Type"] == "image/webp"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "private, max-age=31536000, immutable"
    with django_capture_on_commit_callbacks(execute=True):
        upload(client, picture("JPEG").getvalue())
    olga.refresh_from_db()
    assert (olga.avatar == first, default_storage.exists(first)) == (False, False)
    second = olga.avatar
    with django_capture_on_commit_callbacks(execute=True):
        client.post(URL, {"remove": "1"})
    assert not default_storage.exists(second)
    assert client.get(address).status_code == 404
    events = AuditEvent.objects.filter(verb="accounts.profile_changed")
    assert [event.data["changed"] for event in events] == [["avatar"]] * 3


def test_colleague_sees_the_picture_and_outsider_gets_404(signed_in, olga, vera, mallory, guest):
    upload(signed_in(olga), png().getvalue())
    address = f"/accounts/pictures/{olga.uid}/"
    assert signed_in(vera).get(address).status_code == 200
    assert signed_in(mallory).get(address).status_code == 404
    assert signed_in(guest).get(address).status_code == 404


def test_who_left_the_organization_sees_it_no_more(signed_in, olga, vera, acme):
    upload(signed_in(olga), png().getvalue())
    client = signed_in(vera)
    address = f"/accounts/pictures/{olga.uid}/"
    assert client.get(address).status_code == 200
    vera.memberships.filter(organization=acme).delete()
    assert client.get(address).status_code == 404


def test_stranger_is_sent_to_sign_in(client, olga):
    assert "/accounts/sign-in/" in client.get(f"/accounts/pictures/{olga.uid}/")["Location"]


def test_initials_stand_in_for_a_picture(signed_in, olga):
    olga.first_name, olga.last_name = "Olga", "de la Cruz"
    olga.save()
    assert 'data-initials="OC"' in signed_in(olga).get("/accounts/profile/").text


def test_big_file_is_refused_with_a_sentence(signed_in, olga):
    answer = upload(signed_in(olga), png().getvalue() + b"\0" * MAX_BYTES)
    assert answer.status_code == 422
    assert "larger than 5 MB" in answer.text


def test_huge_body_is_refused_before_it_is_read(signed_in, olga):
    client = signed_in(olga)
    client.raise_request_exception = False
    assert upload(client, b"\0" * (7 * 1024 * 1024)).status_code == 400


def test_file_that_went_missing_is_404(signed_in, olga, acme, guest):
    join(guest, acme, Role.VIEWER)
    client = signed_in(olga)
    upload(client, png().getvalue())
    olga.refresh_from_db()
    default_storage.delete(olga.avatar)
    assert client.get(f"/accounts/pictures/{olga.uid}/").status_code == 404
