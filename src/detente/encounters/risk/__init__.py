"""Is the risk growing? Rates, trends and extremes of encounters and of reported incidents, each with its interval.

Three figures, each with method and source so that the other side can compute it again from the same file:

- a rate per exposure with an exact Poisson interval, or a wider one where counts scatter more than Poisson's;
- a trend: growing, falling, steady, or not enough data, by an exact test of the counts given their sum;
- an extreme: the distance that is undercut once in a period, by declustered peaks over threshold and a generalised
  Pareto distribution, with a profile-likelihood interval and what is needed to doubt it.

No figure stands without its interval; what cannot be said is said to be so.
"""

from __future__ import annotations

from detente.encounters.risk.assessing import Assessment, Group, Question, assess
from detente.encounters.risk.happenings import HAPPENINGS, Read, read_happenings

__all__ = ["HAPPENINGS", "Assessment", "Group", "Question", "Read", "assess", "read_happenings"]
