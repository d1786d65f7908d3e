"""Django with models, forms and templates, after some requests; then as main.py."""

import os

import django
from django import forms, urls
from django.conf import settings

import census

settings.configure(
    ALLOWED_HOSTS=["testserver"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware", "django.middleware.common.CommonMiddleware",
                "django.middleware.csrf.CsrfViewMiddleware",
                "django.contrib.auth.middleware.AuthenticationMiddleware"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="of a test",
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
)
django.setup()

from django.contrib.auth.models import User  # noqa: E402 (models need the settings)
from django.core.management import call_command  # noqa: E402
from django.http import HttpResponse  # noqa: E402
from django.template import Context, Template  # noqa: E402
from django.test import Client  # noqa: E402

PAGE = Template("{% for user in users %}<p>{{ user.username|upper }} {{ user.date_joined|date:'Y' }}</p>{% endfor %}"
                "<form method=post>{% csrf_token %}{{ form.as_p }}</form>")
KEPT = []


class UserForm(forms.Form):
    name = forms.CharField(max_length=30)
    mail = forms.EmailField(required=False)


def users(request):
    form = UserForm(request.POST or None)
    if form.is_valid():
        User.objects.create_user(form.cleaned_data["name"], form.cleaned_data["mail"])
    request.session["visits"] = request.session.get("visits", 0) + 1
    found = list(User.objects.filter(is_active=True).order_by("-username"))
    KEPT.append((request, form, found))
    return HttpResponse(PAGE.render(Context({"users": found, "form": form, "csrf_token": "t"})))


urlpatterns = [urls.path("users/", users, name="users")]


def main():
    call_command("migrate", verbosity=0)
    client = Client()
    for number in range(20):
        response = client.post(urls.reverse("users"), {"name": "user%d" % number, "mail": "u@example.org"})
        assert response.content.count(b"<p>USER") == number + 1, response.content
    assert client.get("/nowhere/").status_code == 404
    census.take_when_settled([])
    os._exit(0)


if __name__ == "__main__":
    main()
