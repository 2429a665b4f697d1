"""Signing in and out."""

from flask import Blueprint, abort, redirect, render_template, request, session, url_for

from . import auth, csrf, store

blueprint = Blueprint("account", __name__)


@blueprint.get("/login")
def login() -> str:
    return render_template("login.html", token=csrf.token())


@blueprint.post("/login")
def sign_in():
    found = store.user(request.form["name"])
    if not auth.password_matches(request.form["password"], found["password"]):
        abort(401)
    session["name"] = found["name"]
    return redirect(request.args.get("next") or url_for("tickets.mine"))


@blueprint.post("/logout")
def sign_out():
    del session["name"]
    return redirect(url_for("account.login"))
