"""What the containers of docker-compose.yml run beside the services. Standard library only, as it is in every image."""
