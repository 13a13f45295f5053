"""django-rest-knox behind gunicorn: a good token in `Authorization: Token …` is answered with 200."""

import os

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="a secret of thirty-two characters",
    ALLOWED_HOSTS=["*"],
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "rest_framework", "knox"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["KNOX_DATABASE"]}},
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    ROOT_URLCONF=__name__,
    USE_TZ=True,
)
django.setup()

from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import HttpResponse  # noqa: E402
from django.urls import path  # noqa: E402
from knox.auth import TokenAuthentication  # noqa: E402
from rest_framework.permissions import IsAuthenticated  # noqa: E402
from rest_framework.views import APIView  # noqa: E402


class Verify(APIView):
    authentication_classes = [TokenAuthentication]
    permission_classes = [IsAuthenticated]

    def get(self, request):
        return HttpResponse()


urlpatterns = [path("v1/verify", Verify.as_view())]
application = get_wsgi_application()

if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    from django.contrib.auth.models import User
    from knox.models import AuthToken

    print(AuthToken.objects.create(User.objects.create_user("ada"))[1])
