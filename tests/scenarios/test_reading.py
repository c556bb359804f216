import pytest

from scenarios.errors import ScenarioError
from scenarios.reading import MAX_BYTES, read_file, read_text
from scenarios.tree import plain


def refusal(text):
    with pytest.raises(ScenarioError) as caught:
        read_text(text, "a.yaml")
    return str(caught.value).splitlines()[:-1]


def test_only_the_core_schema_of_yaml_is_understood():
    text = "[1:4, yes, no, 2025-01-06, 1e3, 0x1F, 0o17, 012, true, ~, '1', 1_000]"

    assert plain(read_text(f"a: {text}", "a.yaml"))["a"] == [
        "1:4", "yes", "no", "2025-01-06", 1000.0, 31, 15, 12, True, None, "1", "1_000",
    ]  # fmt: skip


def test_keys_are_always_text():
    assert plain(read_text("{1: a, true: b, 1.5: c}", "a.yaml")) == {"1": "a", "true": "b", "1.5": "c"}


def test_every_part_knows_its_place():
    node = read_text("a:\n  b: [1,\n    2]\n", "a.yaml")

    assert node.child("a").child("b").place == ("a.yaml", 2, 3)
    assert node.child("a").child("b").child(1).place == ("a.yaml", 3, 5)


def test_merge_keys_fill_in_what_is_not_written():
    text = "base: &base {a: 1, b: 2}\nother: &other {b: 3, c: 4}\nx: {<<: [*base, *other], a: 9}"

    assert plain(read_text(text, "a.yaml"))["x"] == {"a": 9, "b": 2, "c": 4}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\nb:\n  c: 1\n  c: 2", 'a.yaml:4:3 b.c: "c" is written twice, first at 3:3. Keep one of them.'),
        ("a: .nan", "a.yaml:1:1 a: expected a finite number, got .nan."),
        ("a: [0, -.inf]", "a.yaml:1:8 a[1]: expected a finite number, got -.inf."),
        ("a: 1e999", "a.yaml:1:1 a: expected a finite number, got 1e999."),
        ("a: " + "1" * 19, f"a.yaml:1:1 a: expected a whole number of at most 18 digits, got {'1' * 19}."),
        ("a: !!python/object:os.x y", "a.yaml:1:4 a: the tag !!python/object:os.x is not understood. Remove it."),
        ("a: &a [1, *a]", "a.yaml:1:11 a[1]: *a contains itself. Write the value out."),
        ("a: *b", "a.yaml:1:4 a: *b refers to nothing. Write &b before."),
        ("a: &a 1\nb: {<<: *a}", "a.yaml:2:5 b.<<: expected a mapping or a list of mappings to merge, got 1."),
        ("? [a]\n: 1", "a.yaml:1:3: expected a name before the colon, got something else."),
        ("\ta: 1", "a.yaml:1:1: this is not YAML: found character '\\t' that cannot start any token. "
            "Indent with spaces."),
        ("a: [1", "a.yaml:1:6: this is not YAML: expected ',' or ']', but got '<stream end>'."),
        ("", "a.yaml:1:1: expected a scenario (a mapping), got nothing."),
        ("- a", "a.yaml:1:1: expected a scenario (a mapping), got a list."),
        ("a: 1\n---\nb: 1", 'a.yaml:2:1: expected one document, got a second one. Remove the line "---".'),
        ("a: \x07", "a.yaml:1:4: this character is not allowed. Remove it."),
        ('a: "\\uD800"', "a.yaml:1:1 a: this text contains half a character (a surrogate). Remove it."),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told_with_its_place(text, line):
    assert refusal(text) == [line]


def test_all_double_and_infinite_values_of_a_file_are_told_at_once():
    assert len(refusal("a: 1\na: 2\nb: .nan\nb: !x 3")) == 4


def test_aliases_that_multiply_are_refused_quickly():
    levels = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30))

    (line,) = refusal(f"a0: &a0 [1]\n{levels}")

    assert line.endswith("expected at most 200000 values after all aliases are written out, got more.")


@pytest.mark.parametrize(
    "text", ["a: " + "[" * 50_000, "{a: " * 50_000, "- " * 50_000], ids=["lists", "maps", "items"]
)
def test_deep_nesting_is_refused_and_does_not_exhaust_the_stack(text):
    assert "at most 40 levels of nesting" in refusal(text)[0]


def test_depth_cannot_be_hidden_behind_aliases():
    levels = "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 60))

    assert "at most 40 levels of nesting" in refusal(f"a0: &a0 [1]\n{levels}")[0]


def test_files_that_cannot_be_read_are_told(tmp_path):
    def told(name):
        with pytest.raises(ScenarioError) as caught:
            read_file(tmp_path / name, name)
        return str(caught.value).splitlines()[0]

    (tmp_path / "latin.yaml").write_bytes(b"a: 1\nb: caf\xe9\n")
    (tmp_path / "big.yaml").write_bytes(b"#" * (MAX_BYTES + 1))
    (tmp_path / "folder.yaml").mkdir()

    assert told("none.yaml") == "none.yaml: cannot read this file: no such file or directory."
    assert told("folder.yaml") == "folder.yaml: cannot read this file: is a directory."
    assert told("latin.yaml") == "latin.yaml:2:7: this is not UTF-8 text. Save the file as UTF-8."
    assert told("big.yaml") == "big.yaml: expected a file of at most 2 MB, got a larger one."


def test_a_byte_order_mark_is_no_obstacle(tmp_path):
    (tmp_path / "a.yaml").write_bytes("a: 1".encode("utf-8-sig"))

    assert plain(read_file(tmp_path / "a.yaml", "a.yaml")) == {"a": 1}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: {b: 1\nc: 2\n", '1:4: the "{" that is opened here is not closed, at the latest before line 2.'),
        ("a: [1, 2\nc: 2\n", '1:4: the "[" that is opened here is not closed, at the latest before line 2.'),
        ("a:\n  needs:bed\n  time: 1 h\n", '2:9: a space is missing after "needs:". Write one.'),
        ("a:\n  needs: bed: 1\n", '2:13: there is a second ":" in this line.'),
        ("a:\n  b: 1\n c: 2\n", "3:2: this line does not go on where those above it left off."),
        ("a:\n  - b: 1\n  c: 2\n", "3:3: this line does not go on where those above it left off."),
    ],
)
def test_common_slips_of_yaml_are_said_in_plain_words(text, said):
    with pytest.raises(ScenarioError) as error:
        read_text(text, "a.yaml")

    assert f"a.yaml:{said}" in str(error.value)
