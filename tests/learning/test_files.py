"""Files of lessons: uploads in parts and by a form, what is refused, delivery, and what nobody keeps."""

import io
import shutil
import struct
import zlib
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal import clock
from portal.errors import DomainError
from portal.extensions import db
from portal.learning.file_kinds import clean_name, content_of
from portal.learning.models import FileState, Lesson, LessonAttachment, StoredFile
from portal.learning.services.cleaning import delete_marked, mark_unkept
from portal.learning.storage import PART_SIZE

pytestmark = [pytest.mark.usefixtures("frozen_time"), pytest.mark.one_database]


def png(width=2, height=3):
    head = struct.pack(">II5B", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + head + struct.pack(">I", zlib.crc32(b"IHDR" + head))


@pytest.fixture(autouse=True)
def folder(app):
    """The data folder's files; other tests leave theirs there."""
    found = app.config["PORTAL"].portal_data_dir / "files"
    for path in found.iterdir():
        shutil.rmtree(path)
    return found


@pytest.fixture
def lesson(make, course):
    return make.lesson(course, body="![A drawing](drawing.png)")


def at(lesson, end=""):
    return f"/courses/{lesson.offering_id}/lessons/{lesson.id}/{end}"


def begin(client, lesson, name, size):
    return client.post(at(lesson, "uploads"), data={"name": name, "size": size})


def send(client, lesson, name, content, part_size=PART_SIZE):
    """Upload a file as the page's script does; gives the last answer."""
    answer = begin(client, lesson, name, len(content))
    for number in range(-(-len(content) // part_size)):
        if answer.status_code != 200:
            break
        part = content[number * part_size : (number + 1) * part_size]
        answer = client.post(at(lesson, f"uploads/{answer.json['id']}/{number}"), data=part)
    return answer


def files_of(app, lesson):
    with app.app_context():
        rows = db.session.execute(
            select(StoredFile, LessonAttachment.name)
            .join(LessonAttachment, LessonAttachment.file_id == StoredFile.id)
            .where(LessonAttachment.lesson_id == lesson.id)
            .order_by(StoredFile.id)
        )
        return [(name, file) for file, name in rows]


def test_a_picture_goes_up_stands_in_the_text_and_comes_down(app, staff, reader, lesson):
    assert send(staff, lesson, "drawing.png", png()).json["done"] is True
    [(_name, file)] = files_of(app, lesson)
    assert (file.media_type, file.width, file.height, file.state) == ("image/png", 2, 3, FileState.READY)
    text = reader.get(at(lesson).rstrip("/")).text
    assert f'<img src="/files/{file.id}/drawing.png" alt="A drawing" loading="lazy" width="2" height="3">' in text
    answer = reader.get(f"/files/{file.id}/drawing.png")
    assert answer.data == png()
    headers = answer.headers
    assert headers["Content-Type"] == "image/png"
    assert headers["Content-Disposition"].startswith('inline; filename="drawing.png"')
    assert headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"].startswith("private")
    again = reader.get(f"/files/{file.id}/drawing.png", headers={"If-None-Match": headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_only_readers_of_a_published_lesson_get_its_files(app, client, staff, reader, lesson, make, sign_in):
    send(staff, lesson, "drawing.png", png())
    [(_name, file)] = files_of(app, lesson)
    address = f"/files/{file.id}/drawing.png"
    stranger, other = app.test_client(), app.test_client()
    sign_in(other, make.student())
    assert [one.get(address).status_code for one in (stranger, other, reader)] == [404, 404, 200]
    with app.app_context():
        db.session.get(Lesson, lesson.id).published_at = None
        db.session.commit()
    assert (reader.get(address).status_code, staff.get(address).status_code) == (404, 200)


def test_ranges_across_parts(app, staff, lesson):
    content = bytes(range(256)) * (PART_SIZE // 256) + b"the end"
    assert send(staff, lesson, "notes.bin", b"\x1f\x8b\x08" + content).json["done"] is True
    [(_name, file)] = files_of(app, lesson)
    whole, address = b"\x1f\x8b\x08" + content, f"/files/{file.id}/notes.bin"
    assert file.parts == 2
    for asked, first, last in (
        ("0-0", 0, 1),
        ("-7", len(whole) - 7, len(whole)),
        (f"{PART_SIZE - 2}-{PART_SIZE + 2}", PART_SIZE - 2, PART_SIZE + 3),
    ):
        answer = staff.get(address, headers={"Range": f"bytes={asked}"})
        assert (answer.status_code, answer.data) == (206, whole[first:last]), asked
        assert answer.headers["Content-Range"] == f"bytes {first}-{last - 1}/{len(whole)}"
    assert staff.get(address, headers={"Range": "bytes=99999999-"}).status_code == 416
    assert staff.get(address, headers={"Range": "bytes=99999999-"}).headers["Content-Range"] == f"bytes */{len(whole)}"
    assert staff.get(address, headers={"Range": "bytes=0-0", "If-Range": '"old"'}).data == whole
    assert staff.get(address, headers={"Range": "bytes=0-1,5-6"}).status_code == 200
    head = staff.head(address)
    assert (head.content_length, head.data) == (len(whole), b"")
    assert head.headers["Content-Disposition"].startswith("attachment")


DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
HOSTILE = {
    "drawing.svg": (b'<?xml version="1.0"?><!-- x --><svg xmlns="x"><script>1</script></svg>', "SVG drawing"),
    "page.png": (b"  <!DOCTYPE html><script>alert(1)</script>", "web page"),
    "setup.pdf": (b"MZ\x90\x00\x03", "is a program"),
    "lie.png": (b"%PDF-1.7 ...", "is not what its name says"),
    "lie.pdf": (png(), "is not what its name says"),
    "bomb.png": (png(60_000, 60_000), "60000 × 60000 pixels"),
    "long.gif": (b"GIF89a" + struct.pack("<HH", 65_535, 10) + b"\x00" * 20, "65535 × 10 pixels"),
    "broken.jpg": (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + b"\x00" * 40, "damaged"),
    "noise.xyz": (b"\x00\x01\x02\x03" * 20, "cannot be told from its content"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_not_taken_is_said_and_leaves_nothing(app, staff, lesson, folder, name):
    content, said = HOSTILE[name]
    answer = send(staff, lesson, name, content)
    assert answer.status_code == 422
    assert said in answer.json["error"]
    answer = staff.post(at(lesson, "files"), data={"file": (io.BytesIO(content), name, "image/png")})
    assert answer.status_code == 422
    assert "wrong" in answer.text
    with app.app_context():
        assert db.session.query(StoredFile).count() == 0
    assert not [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("a.docx", b"PK\x03\x04" + b"\xff" * 50, DOCX),
        # 42 bytes that unpack to terabytes lie there as they are.
        ("bomb.zip", b"PK\x03\x04" + b"\x00" * 38, "application/zip"),
        ("a.txt", "é – 🙂".encode()[:-1], "text/plain; charset=utf-8"),
        ("script.js", b"alert(1)", "text/plain; charset=utf-8"),
        ("page.xml", b"<note>x</note>", "text/plain; charset=utf-8"),
        ("a.mp3", b"ID3\x04" + b"\x00" * 40, "audio/mpeg"),
        ("a.mp4", b"\x00\x00\x00\x20ftypisom" + b"\x00" * 40, "video/mp4"),
        ("a.webm", b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm" + b"\x00" * 40, "video/webm"),
        ("a.webp", b"RIFF\x00\x00\x00\x00WEBPVP8X\x0a" + bytes(7) + b"\x09\x00\x00" * 2, "image/webp"),
        # A picture that is an archive too is delivered as a picture.
        ("polyglot.gif", b"GIF89a\x0a\x00\x0a\x00" + b"\x00" * 10 + b"PK\x03\x04<script>", "image/gif"),
    ],
)  # fmt: skip
def test_what_a_file_is_shows_in_its_content(name, content, media_type):
    assert content_of(name, content).media_type == media_type


def test_a_jpeg_is_measured_behind_its_other_segments():
    exif = b"\xff\xe1" + struct.pack(">H", 40_000) + b"\x00" * 39_998
    frame = b"\xff\xc2\x00\x11\x08" + struct.pack(">HH", 300, 400) + b"\x03" * 12
    found = content_of("a.jpeg", b"\xff\xd8" + exif + frame)
    assert (found.width, found.height) == (400, 300)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd", "passwd"), ("C:\\Users\\x\\a.png", "a.png"),
        ("a\r\nSet-Cookie: x.png", "a Set-Cookie x.png"),
        ("\u202egnp.exe", "gnp.exe"), ("", "file"), ("...", "file"), ("a\x00b.png", "a b.png"),
        ("é 🙂.png", "é 🙂.png"),
        ("x" * 300 + ".png", "x" * 146 + ".png"), ("a%2f..%2fb.png", "a 2f.. 2fb.png"), ('"><img>.png', "img .png"),
    ],
)  # fmt: skip
def test_a_name_is_only_a_name(sent, kept):
    assert clean_name(sent) == kept


def test_sizes_and_quotas_are_said_before_anything_is_sent(app, staff, lesson):
    assert "may have 500 MB" in begin(staff, lesson, "a.mp4", 501 * 1024 * 1024).json["error"]
    for _ in range(4):
        assert begin(staff, lesson, "a.mp4", 480 * 1024 * 1024).status_code == 200
    assert "2000 MB together" in begin(staff, lesson, "a.mp4", 480 * 1024 * 1024).json["error"]
    assert "is empty" in begin(staff, lesson, "a.mp4", 0).json["error"]
    assert begin(staff, lesson, "a.mp4", "many").status_code == 422


def test_a_length_that_was_not_said_and_a_part_too_many_are_refused(app, staff, lesson):
    begun = begin(staff, lesson, "a.txt", 10).json
    place = at(lesson, f"uploads/{begun['id']}")
    assert staff.post(f"{place}/1", data=b"x" * 10).status_code == 409
    assert staff.post(f"{place}/{2**31}", data=b"x" * 10).status_code == 404, "it is not the first one"
    assert staff.post(f"{place}/0", data=b"x" * 11).status_code == 422
    assert staff.post(f"{place}/0", data=b"x" * 10).status_code == 404, "what was refused is gone"
    begun = begin(staff, lesson, "a.txt", PART_SIZE + 5).json
    place = at(lesson, f"uploads/{begun['id']}")
    assert staff.post(f"{place}/0", data=b"x" * (PART_SIZE + 1)).status_code == 413
    assert staff.post(f"{place}/0", data=b"x" * PART_SIZE).json == {"id": begun["id"], "parts": 1, "done": False}
    # The answer was lost, and the part is sent once more: what is expected is said.
    again = staff.post(f"{place}/0", data=b"x" * PART_SIZE)
    assert (again.status_code, again.json["parts"]) == (409, 1)
    assert staff.get(place).json["parts"] == 1
    assert staff.post(f"{place}/1", data=b"y" * 5).json["done"] is True


def test_the_same_name_gets_a_number_and_a_file_is_removed(app, staff, lesson):
    for _ in range(2):
        send(staff, lesson, "Drawing.PNG", png())
    found = files_of(app, lesson)
    assert [name for name, _file in found] == ["Drawing.PNG", "Drawing (2).PNG"]
    assert "<img" in staff.get(at(lesson).rstrip("/")).text
    staff.post(at(lesson, f"files/{found[0][1].id}/remove"))
    assert len(files_of(app, lesson)) == 1
    assert "<img" not in staff.get(at(lesson).rstrip("/")).text


def test_files_that_nobody_keeps_are_deleted_after_a_day(app, staff, lesson, frozen_time, folder):
    send(staff, lesson, "kept.png", png())
    send(staff, lesson, "removed.png", png())
    staff.post(at(lesson, f"files/{files_of(app, lesson)[1][1].id}/remove"))
    begin(staff, lesson, "never.mp4", 1000)
    with app.app_context():
        assert mark_unkept(clock.now()) == 0
        frozen_time.shift(timedelta(hours=25))
        assert mark_unkept(clock.now()) == 2
        db.session.commit()
        assert delete_marked(app.extensions["portal_storage"]) == 2
        db.session.commit()
        assert [one.name for one in db.session.scalars(select(StoredFile))] == ["kept.png"]
    assert len([path for path in folder.rglob("*") if path.is_file()]) == 1


def test_a_form_without_script_keeps_what_it_can(app, staff, lesson):
    data = {"file": [(io.BytesIO(png()), "a.png"), (io.BytesIO(b"MZ"), "b.exe")]}
    answer = staff.post(at(lesson, "files"), data=data)
    assert answer.status_code == 422
    assert "“b.exe” is a program." in answer.text
    assert [name for name, _file in files_of(app, lesson)] == ["a.png"]
    assert "Choose a file first." in staff.post(at(lesson, "files"), data={}).text


def test_a_storage_that_has_lost_a_file_is_no_error_of_ours(app, staff, lesson):
    send(staff, lesson, "a.png", png())
    [(_name, file)] = files_of(app, lesson)
    app.extensions["portal_storage"].delete(file.key)
    assert staff.get(f"/files/{file.id}/a.png").status_code == 404


def test_a_content_that_is_not_taken_raises_on_its_field():
    with pytest.raises(DomainError) as found:
        content_of("a.svg", b"<svg>")
    assert found.value.field == "file"
