"""Several runs: one split over machines and joined again, two compared case by case, many as a history."""
