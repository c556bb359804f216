"""From a task to RLlib's configuration."""

from __future__ import annotations

from typing import Any

import numpy as np
from ray.rllib.core.rl_module.multi_rl_module import MultiRLModuleSpec
from ray.rllib.core.rl_module.rl_module import RLModuleSpec
from ray.tune.registry import register_env

from policies.learning.descent import STEEPEST
from policies.learning.lean import FIRST_LOOK
from policies.learning.levels import GroupLevels
from policies.learning.normalising import Normaliser
from policies.rllib.algorithm import GroupRobustConfig
from policies.rllib.callbacks import GroupCosts
from policies.rllib.cluster import Cluster
from policies.rllib.environment import HospitalsForRay, spaces_of
from policies.rllib.learner import GroupRobustLearner
from policies.rllib.module import OBSERVATION, POLICY, STATE, HospitalModule
from policies.rllib.runners import CopyByCopyRunner, LockstepRunner
from policies.rllib.task import Task

ENVIRONMENT = "hospital_network_v0"
SAMPLE_WITHIN = 300.0
"""Seconds after which an env runner that does not answer counts as lost."""


def config_of(task: Task, cluster: Cluster, levels: GroupLevels | None = None) -> GroupRobustConfig:
    """Return the configuration of `GroupRobustPPO`; simulates under neutral orders to know where training begins."""
    register_env(ENVIRONMENT, HospitalsForRay)
    settings, runners, learners = task.settings, max(cluster.env_runners, 1), max(cluster.learners, 1)
    seen, chosen = spaces_of(task)
    module = RLModuleSpec(
        module_class=HospitalModule,
        observation_space=seen,
        action_space=chosen,
        model_config={"network": task.shapes},
    )
    config: GroupRobustConfig = (
        GroupRobustConfig()
        .environment(ENVIRONMENT, env_config={"task": task}, disable_env_checking=True)
        .framework("torch")
        .env_runners(
            env_runner_cls=LockstepRunner if task.lockstep else CopyByCopyRunner,
            num_env_runners=cluster.env_runners,
            num_envs_per_env_runner=settings.copies,
            num_cpus_per_env_runner=1,
            rollout_fragment_length=task.steps,
            sample_timeout_s=SAMPLE_WITHIN,
        )
        .learners(
            num_learners=cluster.learners,
            num_gpus_per_learner=0,
            learner_class=GroupRobustLearner,
            learner_config_dict={"task": task, "levels": (levels or task.levels()).state()},
            add_default_connectors_to_learner_pipeline=False,
        )
        .multi_agent(policies={POLICY}, policy_mapping_fn=the_one_policy)
        .rl_module(rl_module_spec=MultiRLModuleSpec(rl_module_specs={POLICY: module}))
        .training(
            train_batch_size_per_learner=settings.copies * task.steps * runners // learners,
            minibatch_size=settings.minibatch,
            num_epochs=settings.epochs,
            gamma=settings.gamma,
            lambda_=settings.trace,
            grad_clip=STEEPEST,
            grad_clip_by="global_norm",
            use_kl_loss=False,
        )
        .callbacks(GroupCosts)
        .fault_tolerance(
            restart_failed_env_runners=True,
            delay_between_env_runner_restarts_s=1.0,
            env_runner_health_probe_timeout_s=10.0,
            env_runner_restore_timeout_s=20.0,
        )
        .debugging(seed=settings.seed, log_level="ERROR")
        # RLlib compares rows of a minibatch (a hospital at a decision) with decisions of a batch, and refuses.
        .experimental(_validate_config=False)
    )
    config.task = task
    config.normalisers = {key: one.state() for key, one in first_look(task).items()}
    return config


def first_look(task: Task) -> dict[str, Normaliser]:
    """Return what normalises observations and states at first: as they are under neutral orders."""
    shapes, env = task.shapes, task.copies(task.settings.copies, 1, 1)
    found = {OBSERVATION: Normaliser(shapes["n_observation"]), STATE: Normaliser(shapes["n_state"])}
    neutral = np.zeros((env.copies, len(env.hospitals), len(task.menu.dials)), dtype=np.int64)
    seen = env.reset()
    for _ in range(FIRST_LOOK):
        found[OBSERVATION].update(seen.observation)
        found[STATE].update(seen.state)
        seen = env.step(neutral).seen
    return found


def the_one_policy(hospital: Any, episode: Any, **more: Any) -> str:
    """Return the policy of a hospital: all share one."""
    return POLICY
