from django.apps import AppConfig


class TenancyConfig(AppConfig):
    name = "tenancy"

    def ready(self) -> None:
        from tenancy import guard, migrating

        guard.install()
        migrating.look_up_one_table_instead_of_all()
