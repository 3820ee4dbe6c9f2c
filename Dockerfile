# One image for each service: docker build --build-arg SERVICE=tickets --tag municipal-helpdesk/tickets .
# SERVICE is a folder of services/; docker-compose.yml builds all of them.
ARG PYTHON_IMAGE=python:3.11-slim-bookworm


# What a service needs from outside. Wheels only: nothing is compiled, so no compiler has to be there.
FROM ${PYTHON_IMAGE} AS dependencies
ARG SERVICE
COPY requirements/${SERVICE}.txt /requirements.txt
RUN python -m venv --without-pip /venv \
    && python -m pip --python /venv/bin/python install --no-cache-dir --disable-pip-version-check --no-compile \
        --only-binary :all: --require-hashes --requirement /requirements.txt \
    && /venv/bin/python -m compileall -q /venv


FROM ${PYTHON_IMAGE} AS code
ARG SERVICE
# Numbers, because an orchestrator that forbids root cannot look a name up. The folders are the places of volumes: a new
# volume takes over the owner of the folder that it covers.
RUN groupadd --gid 10001 helpdesk \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin helpdesk \
    && install --directory --owner 10001 --group 10001 --mode 0700 /secrets /store-keys /store-data /mail \
    && python -m pip uninstall --yes --quiet --root-user-action ignore pip setuptools wheel
COPY --from=dependencies /venv /venv
COPY contracts /app/contracts
COPY kit /app/kit
COPY packs /app/packs
COPY services/${SERVICE} /app/services/${SERVICE}
COPY deploy/__init__.py /app/deploy/
COPY deploy/local/__init__.py deploy/local/secret_files.py /app/deploy/local/
COPY deploy/compose/*.py /app/deploy/compose/
COPY deploy/backup/*.py /app/deploy/backup/
ENV PATH=/venv/bin:$PATH \
    PYTHONPATH=/app:/app/services/${SERVICE} \
    PYTHONUNBUFFERED=1 \
    HEALTH_LISTEN=0.0.0.0:8100
# Compiled here, because the service may not write.
RUN python -m compileall -q /app
ENV PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
USER 10001:10001
# What follows is a module and its arguments: `docker run … tickets worker`, `docker run … kit dead-letters list`.
ENTRYPOINT ["python", "-m"]


# The town's outgoing relay in the trial; build it with SERVICE=intake-email, whose SMTP library it uses too.
FROM code AS mail-catcher
COPY deploy/local/mail_catcher.py deploy/local/mail_page.py deploy/local/ports.py /app/deploy/local/
ENV MAIL_CATCHER_DIRECTORY=/mail \
    MAIL_CATCHER_LISTEN=0.0.0.0:2525 \
    MAIL_CATCHER_PAGE=0.0.0.0:8025
EXPOSE 2525 8025
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
    CMD ["python", "-c", "import socket; socket.create_connection(('127.0.0.1', 2525), 2)"]
CMD ["deploy.local.mail_catcher"]


FROM code AS service
EXPOSE 8100
# /live, because those who act on it restart the container, and that helps nothing while a dependency is away.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["python", "-m", "deploy.compose.ask_health", "/live"]
CMD ["kit", "--help"]
