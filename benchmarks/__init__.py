"""How fast is cutaway, beside PyTorch, beside other engines on NumPy, and beside NumPy written by hand?

`make bench` measures all of it and writes docs/benchmarks.md. The parts can be run alone:

    python -m benchmarks speed             every workload beside every peer
    python -m benchmarks speed gpt lstm    these workloads
    python -m benchmarks profile           where the time of a step goes
    python -m benchmarks memory            peak memory of the larger workloads
    python -m benchmarks growth            how time grows with size
    python -m benchmarks start             imports, and the first gradient
"""
