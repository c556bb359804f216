"""One bed, two patients: who is treated is the whole question (DESIGN.md section 7)."""

import numpy as np

from policies.environments.lockstep import Position, Seen, Stepped


class OneBed:
    """Every hour one of two gets the bed: the second option costs A 1, the first costs B one half.

    With p the probability of the second option J_A = p and J_B = 0.5 (1 - p): the best worst group is 1/3, at p = 1/3.
    """

    copies = 1024
    hospitals = ("only",)
    groups: tuple[str, ...] = ("A", "B")
    sizes = (2,)

    def reset(self):
        return self._seen()

    def step(self, actions):
        second = (actions[:, 0, 0] == 1).astype(np.float64)
        costs = np.stack([second, 0.5 * (1 - second)], axis=1)[:, None, :]
        nothing = np.zeros((self.copies, 1))
        over = np.zeros(self.copies, bool)
        return Stepped(self._seen(), costs, nothing, np.ones(self.copies), over, self._seen())

    def position(self):
        nothing = np.zeros(0, np.int64)
        return Position(nothing, nothing, nothing)

    def replay(self, position):
        return self._seen()

    def _seen(self):
        b = self.copies
        return Seen(
            np.zeros((b, 1, 1), np.float32),
            np.ones((b, 1, 2), np.int8),
            np.zeros((b, 1), np.float32),
            np.zeros(b),
        )
