# The book in a container, for a CPU or, with GROUP=gpu, for NVIDIA's GPUs.
#
#   docker build -t nanogpt_nb .                                docker build --build-arg GROUP=gpu -t nanogpt_nb:gpu .
#   docker run --rm -it -v "$PWD/data:/book/data" -v "$PWD/runs:/book/runs" nanogpt_nb python nanogpt_nb/train.py
#   docker run --rm -it --gpus all -v "$PWD/data:/book/data" -v "$PWD/runs:/book/runs" nanogpt_nb:gpu python -m nanogpt_nb.doctor gpt2-124m
#
# Without -v the two volumes are anonymous, and --rm removes them with the container. The mounted folders must belong to user 1000.
# It has not been built yet, because no registry of images could be reached where it was written; checked by hadolint 2.15.1.
FROM python:3.12-slim-bookworm

# torch.compile writes C++ and has it compiled
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends build-essential git make \
    && rm -rf /var/lib/apt/lists/* \
    && pip install --no-cache-dir uv==0.13.9 \
    && useradd --create-home --uid 1000 reader \
    && mkdir -p /book/data /book/runs \
    && chown -R reader /book

USER 1000
WORKDIR /book
# the environment lies outside of /book, so that a checkout can be mounted there
ENV UV_PROJECT_ENVIRONMENT=/home/reader/venv UV_LINK_MODE=copy PATH=/home/reader/venv/bin:$PATH
COPY --chown=reader . .
ARG GROUP=cpu
RUN uv sync --no-cache --group "$GROUP" --extra dev

VOLUME ["/book/data", "/book/runs"]
CMD ["bash"]
