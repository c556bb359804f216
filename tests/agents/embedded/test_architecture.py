"""The llama architecture in torch: causal, relative in position, and able to learn, the same way each time."""

import pytest

from tests.agents.writing.installed import require

pytestmark = pytest.mark.llm


@pytest.fixture(autouse=True)
def torch_is_installed():
    require("torch", "gguf")


def model(**sizes):
    from agents.embedded.architecture import Shape, initial_weights

    shape = Shape(**{"vocabulary": 300, "width": 32, "layers": 2, "heads": 2, "feed_forward": 48, **sizes})
    weights = initial_weights(shape, 3)
    return {name: value * (8 if value.dim() == 2 else 1) for name, value in weights.items()}, shape


def test_a_token_does_not_see_those_after_it():
    import torch

    from agents.embedded.architecture import logits

    weights, shape = model()
    tokens = torch.randint(0, 300, (1, 20), generator=torch.Generator().manual_seed(1))
    changed = tokens.clone()
    changed[0, 12] = (changed[0, 12] + 1) % 300

    before, after = (logits(weights, shape, one)[0] for one in (tokens, changed))

    assert torch.equal(before[:12], after[:12])
    assert (before[12:] - after[12:]).abs().amin(dim=0).max() > 0.01


def test_padding_behind_a_text_changes_nothing():
    import torch

    from agents.embedded.architecture import logits
    from agents.embedded.tokens import PADDING

    weights, shape = model()
    tokens = torch.arange(3, 15)[None]
    padded = torch.cat((tokens, torch.full((1, 7), PADDING)), dim=1)

    assert torch.allclose(
        logits(weights, shape, tokens)[0], logits(weights, shape, padded)[0, :12], atol=1e-5
    )


def test_rotation_depends_on_the_distance_of_two_tokens_only():
    import torch

    from agents.embedded.architecture import Shape, _rotate, _rotation

    shape = Shape(vocabulary=10, width=16, heads=1)
    generator = torch.Generator().manual_seed(2)
    query, key = (torch.randn(16, generator=generator).expand(1, 1, 40, 16) for _ in range(2))
    turn = _rotation(shape, 40)
    score = (_rotate(query, turn) @ _rotate(key, turn).transpose(-1, -2))[0, 0]

    for distance in (0, 1, 7, 30):
        diagonal = torch.diagonal(score, offset=-distance)
        assert torch.allclose(diagonal, diagonal[0].expand_as(diagonal), atol=1e-4)


def test_the_written_file_is_read_back_bit_for_bit(tmp_path):
    import torch

    from agents.embedded.gguf_file import read_gguf, write_gguf
    from agents.embedded.tokens import train_tokenizer

    tokenizer = train_tokenizer(["a small text of a few words", "a small world"] * 3, 275)
    weights, shape = model(vocabulary=len(tokenizer.vocabulary))
    write_gguf(tmp_path / "m.gguf", weights, shape, tokenizer, {"seed": "3"})

    again, shape_again, tokenizer_again = read_gguf(tmp_path / "m.gguf")

    assert shape_again == shape
    assert tokenizer_again == tokenizer
    assert again.keys() == weights.keys()
    assert all(torch.equal(again[name], weights[name]) for name in weights)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_training_learns_and_gives_the_same_weights_again(monkeypatch):
    import torch

    from agents.embedded import train
    from agents.embedded.architecture import Shape

    monkeypatch.setattr(train, "TOKENIZER_PEOPLE", 300)
    monkeypatch.setattr(train, "HELD_OUT", 64)

    def small(vocabulary: int) -> Shape:
        return Shape(vocabulary, width=32, layers=1, heads=2, feed_forward=48)

    first, _, _, loss = train.train(1, 40, small)
    second, _, _, again = train.train(1, 40, small)
    _, _, _, untrained = train.train(1, 0, small)

    assert loss == again
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert loss < untrained - 1.5
